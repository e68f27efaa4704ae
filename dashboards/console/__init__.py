"""The local console: the same boards as Grafana's, in a browser, without any server but ours and without Internet."""
