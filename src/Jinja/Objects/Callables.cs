using Meridian.Jinja.Syntax;

namespace Meridian.Jinja.Objects;

/// <summary>A macro, with the names that were visible at its definition.</summary>
internal sealed record MacroValue(Statement.Macro Definition, Scope Closure);

/// <summary>A built-in function.</summary>
internal sealed record FunctionValue(string Name);

/// <summary>A method of a value, before it is called.</summary>
internal sealed record MethodValue(object? Target, string Name);
