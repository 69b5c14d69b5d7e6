"""The Kafka edge: topic catalogue, the three Faust apps, chunks, transactional producers, stores' life cycle."""
