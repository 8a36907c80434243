namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <param name="Closure">Where it was defined.</param>
internal sealed record MacroValue(Statement.Macro Definition, Scope Closure);

/// <summary>One of <see cref="Functions"/>.</summary>
internal sealed record FunctionValue(string Name);
