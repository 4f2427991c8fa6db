"""A release: versions that agree, the changelog's section, images, chart and install manifest. docs/releases.md."""
