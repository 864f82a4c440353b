// Package shop is what the checkout examples share: an order, the plan that sells it, the steps of the plan,
// which call the services, and the reading of a file of orders.
package shop
