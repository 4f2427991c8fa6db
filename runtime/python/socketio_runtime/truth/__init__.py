"""Whether broadcasts cross: the pods send each other a few bytes along the path of the app's own."""
