"""Three brokers and three Elasticsearch nodes, what breaks them, and the traffic meanwhile."""
