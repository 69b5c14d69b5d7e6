"""Where Kafka and Elasticsearch are: as the settings name them, or the local ones of this home."""
