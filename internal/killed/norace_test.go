//go:build !race

package killed

const defaultKills = 200
