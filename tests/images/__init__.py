"""The project's images from their Dockerfiles, by the builder that is there: `make images`."""
