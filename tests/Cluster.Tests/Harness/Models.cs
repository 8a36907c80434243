namespace Meridian.Cluster.Tests.Harness;

/// <summary>Settings of the models that installations of the tests serve.</summary>
public static class Models
{
    /// <value>The built-in sentence embedding model.</value>
    public static KeyValuePair<string, string>[] MiniLm { get; } = Entry(0, "minilm", "minilm");

    /// <param name="position">Index in the list of models.</param>
    /// <param name="name">Name that callers use.</param>
    /// <param name="source">Built-in name or a package's directory.</param>
    /// <param name="more">Further settings of the model.</param>
    public static KeyValuePair<string, string>[] Entry(int position, string name, string source, params (string Key, string Value)[] more) =>
    [
        KeyValuePair.Create($"Meridian:Models:{position}:Name", name),
        KeyValuePair.Create($"Meridian:Models:{position}:Source", source),
        .. more.Select(setting => KeyValuePair.Create($"Meridian:Models:{position}:{setting.Key}", setting.Value)),
    ];
}
