package taskchain_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/golden"
)

// testCommand passes all tests, as the README says; it is the one command that
// TestCommandsOfTheReadme can't run.
const testCommand = "go test work"

// A block is what stands between two fences of a Markdown file.
type block struct {
	language string
	quote    string // of the comment before it
	text     string
	line     int
}

func blocks(t *testing.T, file string) (blocks []block) {
	t.Helper()
	doc, err := os.ReadFile(file)
	require.NoError(t, err)
	var quote string
	var open *block
	for i, line := range strings.Split(string(doc), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += line + "\n"
		case isFence:
			open, quote = &block{language: fence, quote: quote, line: i + 1}, ""
		case strings.HasPrefix(line, "<!-- quote "):
			quote = strings.TrimSuffix(strings.TrimPrefix(line, "<!-- quote "), " -->")
		}
	}
	require.Nil(t, open, "%s: a block has no end", file)
	return blocks
}

// region is the marked part of a Go file, moved to the left margin.
func region(t *testing.T, file, name string) string {
	t.Helper()
	doc, err := os.ReadFile(file)
	require.NoError(t, err)
	marked := regexp.MustCompile(`(?s)\n(\t*)// readme:begin ` + name + `\n(.*?)\n\t*// readme:end ` + name + `\n`).FindStringSubmatch(string(doc))
	require.NotNil(t, marked, "%s has no region %q", file, name)
	indent, text := marked[1], "\n"+marked[2]
	return strings.ReplaceAll(text, "\n"+indent, "\n")[1:] + "\n"
}

func TestDocumentsQuoteWhatIsCompiled(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	for _, page := range append(pages, "README.md") {
		t.Run(page, func(t *testing.T) { quotes(t, page) })
	}
}

func quotes(t *testing.T, page string) {
	for _, b := range blocks(t, page) {
		file, name, isRegion := strings.Cut(b.quote, "#")
		switch b.language {
		case "go":
			require.True(t, isRegion, "%s:%d: Go code that quotes no region", page, b.line)
			require.Equal(t, region(t, file, name), b.text, "%s:%d: this is not %s", page, b.line, b.quote)
		case "text":
			output, err := os.ReadFile(file)
			require.NoError(t, err, "%s:%d", page, b.line)
			require.Contains(t, golden.Timeless(string(output)), golden.Timeless(b.text), "%s:%d: this is not in %s", page, b.line, file)
		default:
			require.Equal(t, "sh", b.language, "%s:%d: a block of another language", page, b.line)
		}
	}
}

// Every command of the README does what a comment behind it says, or succeeds.
func TestCommandsOfTheReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the examples")
	}
	comment := regexp.MustCompile(`^(.*?)(?: # (exit status \d|signal: killed)(?:: .*)?)?$`)
	tests := 0
	for _, b := range blocks(t, "README.md") {
		if b.language != "sh" {
			continue
		}
		var script strings.Builder
		for line := range strings.Lines(b.text) {
			said := comment.FindStringSubmatch(strings.TrimSpace(line))
			command, status := said[1], said[2]
			require.NotContains(t, command, "#", "a comment that says no exit status")
			if command == testCommand {
				tests++
				continue
			}
			require.NotContains(t, command, "go test", "another test command, which would run this test again")
			if service, is := strings.CutSuffix(command, " &"); is {
				fmt.Fprintf(&script, "%s >$TMPDIR/service 2>&1 &\n", service)
				continue
			}
			check := `[ $? = 0 ]`
			if status != "" { // go run's own status is 1 whatever the program's is, and where it could not build one
				check = fmt.Sprintf(`[ "$(tail -n 1 "$TMPDIR/stderr")" = "%s" ]`, status)
			}
			fmt.Fprintf(&script, "%s 2>$TMPDIR/stderr\n%s || { cat $TMPDIR/stderr; echo 'not as said: %s'; exit 99; }\n", command, check, command)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		sh := exec.CommandContext(ctx, "sh")
		sh.Stdin = strings.NewReader(script.String())
		sh.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
		out, err := sh.CombinedOutput()
		require.NoError(t, err, "README.md:%d: %s", b.line, out)
	}
	require.Equal(t, 1, tests, "the README should say %q once", testCommand)
}

// documents is every Markdown file of the repository.
func documents(t *testing.T) (files []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".md") {
			files = append(files, path)
		}
		return err
	}))
	require.Contains(t, files, "README.md")
	return files
}

var fenced = regexp.MustCompile(`(?s)\n\x60{3}.*?\n\x60{3}`)

// anchors are what a link to a heading of a document can name, as GitHub makes it
// of the heading's text.
func anchors(t *testing.T, file string) map[string]bool {
	t.Helper()
	doc, err := os.ReadFile(file)
	require.NoError(t, err)
	all := map[string]bool{}
	for line := range strings.Lines(fenced.ReplaceAllString(string(doc), "")) {
		if heading := strings.TrimSpace(strings.TrimLeft(line, "#")); strings.HasPrefix(line, "#") {
			all[strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
					return unicode.ToLower(r)
				}
				return -1
			}, heading)] = true
		}
	}
	return all
}

func TestLinksAndPathsOfTheDocumentsExist(t *testing.T) {
	var (
		link   = regexp.MustCompile(`\]\(([^)]+)\)`)
		path   = regexp.MustCompile(`(?:\./)?\b(?:policy|builder|chain|codec|report|runner|examples|internal|docs|scripts)/[\w./-]*\w`)
		module = regexp.MustCompile(`\S*github\.com/\S*`)
	)
	links := 0
	for _, file := range documents(t) {
		doc, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(doc), ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			links++
			to := file
			if target != "" {
				to = filepath.Join(filepath.Dir(file), target)
				_, err := os.Stat(to)
				require.NoError(t, err, "%s: a link leads nowhere", file)
			}
			if anchor != "" {
				require.True(t, anchors(t, to)[anchor], "%s: %s has no heading for #%s", file, to, anchor)
			}
		}
		for _, found := range path.FindAllString(module.ReplaceAllString(string(doc), ""), -1) {
			_, err := os.Stat(found)
			require.NoError(t, err, "%s names a path that does not exist", file)
		}
	}
	require.Greater(t, links, 20)
}

// A promise stands beside the test that holds us to it.
func TestTestsOfTheGuaranteesExist(t *testing.T) {
	doc, err := os.ReadFile("docs/guarantees.md")
	require.NoError(t, err)
	tests := map[string]bool{}
	for _, dir := range packageDirs(t) {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				tests[found[1]] = true
			}
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(doc), -1)
	require.Greater(t, len(named), 20)
	for _, found := range named {
		require.True(t, tests[found[1]], "docs/guarantees.md: there is no %s", found[1])
	}
}

// Every name such as policy.Retry in the documents and in the package
// documentation is one that its package has.
func TestNamesInTheDocumentsExist(t *testing.T) {
	name := regexp.MustCompile(`\b(policy|builder|chain|codec|report|runner)\.([A-Z]\w*)`)
	exported := map[string]map[string]bool{}
	for _, file := range append(documents(t), "doc.go") {
		doc, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range name.FindAllStringSubmatch(string(doc), -1) {
			dir := found[1]
			if exported[dir] == nil {
				exported[dir] = exportedNames(t, dir)
			}
			require.True(t, exported[dir][found[2]], "%s: there is no %s", file, found[0])
		}
	}
	require.Greater(t, len(exported), 3)
}

func exportedNames(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				names[d.Name.Name] = names[d.Name.Name] || d.Recv == nil
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}
