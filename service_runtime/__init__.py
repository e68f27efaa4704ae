"""The plumbing every program needs: settings, logging, clock, supervision, MQTT session. No word of the domain."""
