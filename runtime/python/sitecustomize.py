# Loaded by PYTHONPATH into every Python process of a container, of any version: no syntax of Python 3 here. It only
# installs a hook that looks for python-socketio among the modules that are imported; everything else waits until the
# process creates a Server. usercustomize.py is the same file; Python imports that too, outside virtual environments:
# so the runtime is loaded where the sitecustomize of another tool comes first on the path.
import sys


def install():
    if sys.version_info < (3, 8):
        if __name__ != "sitecustomize":
            return
        version = ".".join(str(number) for number in sys.version_info[:3])
        sys.stderr.write("[socketio-runtime] Python " + version + " is older than 3.8: the app is left alone\n")
        return
    try:
        from socketio_runtime.find import import_hook

        import_hook.install()
    except Exception as error:
        sys.stderr.write("[socketio-runtime] not installed, the app is left alone: " + str(error) + "\n")


def run_next(folder):
    """Runs the image's own module of this name, which this file hides; an error in it is told by Python as ever."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(__name__, [entry for entry in sys.path if entry != folder])
    if spec is None or spec.loader is None:
        return
    from importlib.util import module_from_spec

    module = module_from_spec(spec)
    sys.modules[__name__] = module
    spec.loader.exec_module(module)


install()
if sys.version_info >= (3, 8):
    run_next(__file__.rpartition("/")[0])
