namespace Meridian.Jinja.Objects;

/// <summary>What a name or member stands for that does not exist: empty where it is written or tested, an error where it is used.</summary>
internal sealed record Undefined(string Name);
