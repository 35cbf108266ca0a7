#!/bin/sh
# Starts Redis with the password that stands in a file: a command line would show it to everybody.
# Its user sees the keys and channels of Queuecast alone, and changes no configuration.
set -eu
umask 077

password=$(cat /run/secrets/redis_password)
{
    cat /etc/queuecast/redis/redis.conf
    echo "user default off"
    printf 'user queuecast on ">%s" ~queuecast:* &* +@all -@admin -@dangerous +info\n' "$password"
} > /tmp/redis.conf
exec redis-server /tmp/redis.conf
