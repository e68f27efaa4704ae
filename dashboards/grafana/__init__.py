"""Grafana 11.6 dashboards as build products: generated from the boards, checked, published, never edited by hand."""
