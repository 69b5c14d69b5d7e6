"""The Kafka edge: topic catalogue, the Faust apps, chunks, transactional producers, stores' life cycle."""
