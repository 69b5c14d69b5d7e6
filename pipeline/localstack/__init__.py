"""Real Kafka and Elasticsearch on loopback, from Maven coordinates, without Docker."""
