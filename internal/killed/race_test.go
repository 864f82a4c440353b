//go:build race

package killed

// A process with the race detector takes several times as long.
const defaultKills = 50
