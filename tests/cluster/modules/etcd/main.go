// Package main is etcd itself, in a module of its own: `go install` refuses etcd's for its replace directives.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
