namespace Meridian.Jinja.Objects;

/// <summary>The value of a name or member that does not exist. It is empty when it is written or tested; any other use is an error.</summary>
internal sealed record Undefined(string Name);
