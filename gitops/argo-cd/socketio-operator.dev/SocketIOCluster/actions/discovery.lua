local paused = obj.spec ~= nil and obj.spec.paused == true

local actions = {}
actions["restart"] = {
  ["iconClass"] = "fa fa-fw fa-recycle",
  ["displayName"] = "Restart pods one by one",
  ["disabled"] = paused,
}
actions["pause"] = {
  ["iconClass"] = "fa fa-fw fa-pause",
  ["displayName"] = "Pause the operator's work",
  ["disabled"] = paused,
}
actions["resume"] = {
  ["iconClass"] = "fa fa-fw fa-play",
  ["displayName"] = "Resume the operator's work",
  ["disabled"] = not paused,
}
return actions
