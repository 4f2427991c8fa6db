"""The managed broker: one Redis beside the app, one file a child."""

PORT = 6379
ACL_KEY = "users.acl"
AUTH_DIR = "/etc/redis/auth"
CONFIG_DIR = "/etc/redis/config"
CONFIG_KEY = "redis.conf"
DATA_DIR = "/data"
