package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Health is what a health.lua returns.
type Health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// What Argo CD takes for a health; anything else is Unknown there.
var healthStatuses = []string{"Unknown", "Progressing", "Suspended", "Healthy", "Degraded", "Missing"}

// The libraries that Argo CD opens for a script of argocd-cm, without the two functions that it leaves of `os`: what
// needs more fails here as it does there.
var libraries = []struct {
	name string
	open lua.LGFunction
}{
	{lua.LoadLibName, lua.OpenPackage},
	{lua.BaseLibName, lua.OpenBase},
	{lua.TabLibName, lua.OpenTable},
}

// The time that Argo CD gives a script.
const timeout = time.Second

// evaluate runs script on object under the conditions of Argo CD 3.6.1, util/lua/lua.go.
func evaluate(object map[string]any, script string) (Health, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range libraries {
		open := lua.P{Fn: state.NewFunction(library.open), Protect: true}
		if err := state.CallByParam(open, lua.LString(library.name)); err != nil {
			return Health{}, err
		}
	}
	limited, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	state.SetContext(limited)
	state.SetGlobal("obj", value(state, object))
	if err := state.DoString(script); err != nil {
		return Health{}, err
	}
	return health(state.Get(-1))
}

func health(returned lua.LValue) (Health, error) {
	table, ok := returned.(*lua.LTable)
	if !ok {
		return Health{}, fmt.Errorf("health.lua returned a %s, not a table", returned.Type())
	}
	status, message := table.RawGetString("status"), table.RawGetString("message")
	if status.Type() != lua.LTString || message.Type() != lua.LTString {
		return Health{}, fmt.Errorf("health.lua returned status %v and message %v", status, message)
	}
	if !slices.Contains(healthStatuses, status.String()) {
		return Health{}, fmt.Errorf("Argo CD has no health %q", status)
	}
	return Health{status.String(), message.String()}, nil
}

// value is a value of JSON as Lua has it.
func value(state *lua.LState, from any) lua.LValue {
	switch from := from.(type) {
	case bool:
		return lua.LBool(from)
	case int64:
		return lua.LNumber(from)
	case float64:
		return lua.LNumber(from)
	case string:
		return lua.LString(from)
	case []any:
		table := state.NewTable()
		for _, item := range from {
			table.Append(value(state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, item := range from {
			table.RawSetString(key, value(state, item))
		}
		return table
	}
	return lua.LNil
}
