package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/examples/checkout/services"
)

func generated(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	return b.String()
}

// The file is generated, never edited: it must be what this program writes.
func TestOrdersFileIsGenerated(t *testing.T) {
	file, err := os.ReadFile("../orders.jsonl")
	require.NoError(t, err)
	require.Equal(t, string(file), generated(t))
}

// If goods could run out, who gets the last piece would depend on who comes first, and a run would not repeat.
func TestGoodsNeverRunOut(t *testing.T) {
	demand := map[string]int{}
	for line := range strings.Lines(generated(t)) {
		var o order
		if json.Unmarshal([]byte(line), &o) == nil {
			demand[o.SKU] += max(0, o.Quantity)
		}
	}
	inventory := services.DefaultInventory()
	for _, g := range goods {
		require.Contains(t, inventory, g.sku)
		require.LessOrEqual(t, demand[g.sku], inventory[g.sku], g.sku)
	}
}

// The example needs each way to end.
func TestEveryKindOfOrder(t *testing.T) {
	count := map[string]int{}
	seen := map[string]bool{}
	for line := range strings.Lines(generated(t)) {
		var o order
		err := json.Unmarshal([]byte(line), &o)
		switch {
		case err != nil, o.ID == "", o.Quantity < 1:
			count["malformed"]++
			continue
		case seen[o.ID]:
			count["repeated"]++
			continue
		}
		seen[o.ID] = true
		switch nowhere := strings.HasSuffix(o.Address, "Atlantis") || strings.HasSuffix(o.Address, "Moon"); {
		case o.Card == "no-refunds" && nowhere:
			count["stuck"]++
		case o.Card == "declined", o.Card == "expired", o.Card == "no-funds":
			count["declined"]++
		case o.SKU == "typewriter", o.SKU == "globe":
			count["out of stock"]++
		case nowhere:
			count["unservable"]++
		default:
			count["good"]++
		}
	}
	t.Log(count)
	require.Equal(t, 9, count["malformed"])
	require.Equal(t, 2, count["repeated"])
	require.Equal(t, 2, count["stuck"])
	require.Greater(t, count["declined"], 9)
	require.Greater(t, count["out of stock"], 4)
	require.Greater(t, count["unservable"], 4)
	require.Greater(t, count["good"], 160)
}
