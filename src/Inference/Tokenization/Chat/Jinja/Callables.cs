using Meridian.Inference.Tokenization.Chat.Jinja.Syntax;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <param name="Closure">Where it was defined.</param>
internal sealed record MacroValue(Statement.Macro Definition, Scope Closure);

/// <summary>One of <see cref="Functions"/>.</summary>
internal sealed record FunctionValue(string Name);

/// <summary>A method of a value that is not called yet.</summary>
internal sealed record MethodValue(object? Target, string Name);
