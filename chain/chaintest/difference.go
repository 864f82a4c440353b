package chaintest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// difference says in words what the data has lost on its way through JSON, the
// first thing of it; or nothing. A nil slice or map and an empty one are the
// same, and so are values that say so by a method Equal.
func difference[T any](was, restored *T) string {
	v := reflect.ValueOf(was).Elem()
	return differ(typeName(v.Type()), v, reflect.ValueOf(restored).Elem())
}

func typeName(t reflect.Type) string {
	if t.Name() == "" {
		return "the data"
	}
	return t.Name()
}

func differ(path string, was, is reflect.Value) string {
	switch {
	case !was.IsValid() && !is.IsValid():
		return ""
	case !is.IsValid():
		return path + " is lost"
	case !was.IsValid():
		return path + " was nil and comes back as something"
	case was.Type() != is.Type():
		return fmt.Sprintf("%s was of type %s and comes back as %s", path, was.Type(), is.Type())
	}
	if same, knows := asked(was, is); knows {
		return unless(same, path, is)
	}
	switch was.Kind() {
	case reflect.Struct:
		return differInFields(path, was, is)
	case reflect.Slice, reflect.Array:
		return differInElements(path, was, is)
	case reflect.Map:
		return differInKeys(path, was, is)
	case reflect.Interface:
		return differ(path, was.Elem(), is.Elem())
	case reflect.Pointer:
		if was.Pointer() == is.Pointer() {
			return ""
		}
		return differ(path, was.Elem(), is.Elem())
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return unless(was.Pointer() == is.Pointer(), path, is)
	}
	return unless(was.Equal(is), path, is)
}

func unless(same bool, path string, is reflect.Value) string {
	switch {
	case same:
		return ""
	case is.IsZero():
		return path + " is lost"
	}
	return path + " comes back different"
}

// asked asks the type itself, if it has an opinion.
func asked(was, is reflect.Value) (same, knows bool) {
	if !was.CanInterface() {
		return false, false
	}
	if equal := was.MethodByName("Equal"); equal.IsValid() && equal.Type() == reflect.FuncOf([]reflect.Type{was.Type()}, []reflect.Type{reflect.TypeFor[bool]()}, false) {
		if was.Kind() == reflect.Pointer && (was.IsNil() || is.IsNil()) {
			return was.IsNil() && is.IsNil(), true
		}
		return equal.Call([]reflect.Value{is})[0].Bool(), true
	}
	switch was.Interface().(type) {
	case json.Marshaler, encoding.TextMarshaler:
		a, errA := json.Marshal(was.Interface())
		b, errB := json.Marshal(is.Interface())
		return errA == nil && errB == nil && bytes.Equal(a, b), true
	}
	return false, false
}

func differInFields(path string, was, is reflect.Value) string {
	for i := range was.NumField() {
		if text := differ(path+"."+was.Type().Field(i).Name, was.Field(i), is.Field(i)); text != "" {
			return text
		}
	}
	return ""
}

func differInElements(path string, was, is reflect.Value) string {
	if was.Len() != is.Len() {
		return unless(false, path, is)
	}
	for i := range was.Len() {
		if text := differ(fmt.Sprintf("%s[%d]", path, i), was.Index(i), is.Index(i)); text != "" {
			return text
		}
	}
	return ""
}

func differInKeys(path string, was, is reflect.Value) string {
	if was.Len() != is.Len() {
		return unless(false, path, is)
	}
	for _, key := range was.MapKeys() {
		if text := differ(fmt.Sprintf("%s[%v]", path, key), was.MapIndex(key), is.MapIndex(key)); text != "" {
			return text
		}
	}
	return ""
}
