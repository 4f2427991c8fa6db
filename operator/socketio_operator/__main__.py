"""`python -m socketio_operator`."""

import sys

from socketio_operator.cli.main import main

sys.exit(main())
