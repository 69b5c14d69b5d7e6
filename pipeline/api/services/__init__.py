"""Use cases, free of any framework: the only place that reads, decides, redacts and audits before it answers."""
