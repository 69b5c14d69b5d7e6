"""The installation at a glance: lag, accounting, feeds, throughput."""
