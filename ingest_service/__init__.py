"""Takes readings in from the broker and stores them: nothing measured is lost, nothing is counted twice.

One round, over and over: collect deliveries, admit or refuse each record, write to the store, commit the state,
and only then acknowledge. The order is the whole promise; ``pipeline.py`` is where to read it.
"""
