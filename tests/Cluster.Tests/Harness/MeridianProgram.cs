namespace Meridian.Cluster.Tests.Harness;

/// <summary>How to start the product: the executable that was built together with this assembly, or another that hosts the same commands.</summary>
/// <param name="Program">Executable.</param>
/// <param name="Prefix">Arguments before the product's own.</param>
public sealed record MeridianProgram(string Program, string[] Prefix)
{
    public static MeridianProgram Built { get; } = OfAssembly("meridian-server.dll");

    /// <summary>A managed executable of this assembly's output folder, run by the <c>dotnet</c> that runs this process where there is one.</summary>
    public static MeridianProgram OfAssembly(string file, params string[] prefix)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH");
        return new MeridianProgram(string.IsNullOrEmpty(host) ? "dotnet" : host, [Path.Combine(AppContext.BaseDirectory, file), .. prefix]);
    }

    /// <summary>A managed executable anywhere, such as another build's.</summary>
    public static MeridianProgram OfFile(string path) => OfAssembly(Path.GetFullPath(path));

    public ChildProcess Start(string name, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? settings = null) =>
        ChildProcess.Start(name, Program, [.. Prefix, .. arguments], [.. Quiet, .. settings ?? []], AppContext.BaseDirectory);

    // A developer's own settings must not reach the processes of a test.
    private static KeyValuePair<string, string?>[] Quiet =>
    [
        .. Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(key => key.StartsWith("Meridian__", StringComparison.OrdinalIgnoreCase) || key.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase))
            .Select(key => KeyValuePair.Create(key, (string?)null)),
        KeyValuePair.Create("DOTNET_ENVIRONMENT", (string?)"Production"),
        KeyValuePair.Create("ASPNETCORE_ENVIRONMENT", (string?)"Production"),
        KeyValuePair.Create("DOTNET_TieredCompilation", Environment.GetEnvironmentVariable("DOTNET_TieredCompilation")),
    ];
}
