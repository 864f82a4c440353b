package builder_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
)

func TestTreeHasALineAStep(t *testing.T) {
	for _, p := range []*builder.Plan[Data]{checkout(), everything(), outer(), named(strange...)} {
		require.Equal(t, p.Root().Next, strings.Count(p.String(), "\n"))
	}
}

// Any name is refused for a reason, or is a path that JSON keeps and that each
// picture can show.
func FuzzNames(f *testing.F) {
	for _, name := range append(strange, "", "/", "a/b", "\xff", "a", "in", "\ufffd", "\U0010ffff", strings.Repeat("long ", 100)) {
		f.Add(name, "in", name, name)
		f.Add("a", name, "", "")
	}
	f.Fuzz(func(t *testing.T, name, inside, description, note string) {
		fits := func(s string) bool { return s != "" && !strings.Contains(s, "/") && utf8.ValidString(s) }
		plan, err := begin().Named(name).
			Process(name, begin().
				Step(inside, pass).Compensate(pass).
				Step("a", pass)).Describe(description).
			Build()
		if !fits(name) || !fits(inside) || inside == "a" || !utf8.ValidString(description) {
			var fault *builder.InvalidError
			require.ErrorAs(t, err, &fault)
			require.NotEmpty(t, fault.Reason)
			require.True(t, utf8.ValidString(err.Error()))
			require.Nil(t, plan)
			return
		}
		require.NoError(t, err)
		requireSound(t, plan)

		paths := []string{name, name + "/" + inside, name + "/a"}
		require.Equal(t, paths, pathsOf(plan))
		encoded, err := json.Marshal(paths)
		require.NoError(t, err)
		var decoded []string
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, paths, decoded)

		encoded, err = json.Marshal(plan.Manifest())
		require.NoError(t, err)
		var manifest builder.Manifest
		require.NoError(t, json.Unmarshal(encoded, &manifest))
		require.Equal(t, plan.Manifest(), manifest)

		for _, picture := range []builder.Picture{
			plan.Picture(nil),
			plan.Picture(map[string]builder.Mark{paths[1]: {State: builder.Failed, Note: note}}),
		} {
			tree, mermaid, dot := picture.String(), picture.Mermaid(), picture.DOT()
			for _, drawn := range []string{tree, mermaid, dot} {
				require.NotEmpty(t, drawn)
				require.True(t, utf8.ValidString(drawn))
			}
			// A name can't add a line, wherever it is shown.
			require.Len(t, strings.Split(tree, "\n"), 5)
			require.Len(t, strings.Split(dot, "\n"), 13)
			require.Len(t, strings.Split(strings.TrimRight(mermaid, "\n"), "\n"), 9+strings.Count(mermaid, "    style s2 "))
		}
	})
}
