module github.com/taskchain-go/taskchain

go 1.26

require (
	github.com/cenkalti/backoff/v4 v4.3.0
	github.com/samber/lo v1.53.0
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.22.0 // indirect
)
