"""Sparkplug B 3.0 from the host's side: topics, payloads, and what is known about each edge node.

``addresses`` parses topics, ``payload`` decodes and encodes the protobuf payload (``wire`` holds protobuf's own
encoding), ``node_session`` keeps births, aliases and the sequence number of one edge node. Nothing here does I/O.
"""
