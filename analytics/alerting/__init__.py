"""From findings to e-mails: an incident has an identity, a life, and stages that each say why they let it pass.

``findings -> judging stages -> incident (pending, firing, resolved) -> notice stages -> notification log -> SMTP``.
What a person is told, and that he was told, is on disk (:mod:`analytics.alerting.incident_store`) before the next step.
"""
