namespace Meridian.Cluster.Tests.Harness;

/// <summary>The source tree this was built from.</summary>
public static class Repository
{
    /// <value>The folder of Cluster.sln.</value>
    public static string Root { get; } = Find();

    private static string Find([System.Runtime.CompilerServices.CallerFilePath] string here = "")
    {
        foreach (var start in new[] { Path.GetDirectoryName(here)!, AppContext.BaseDirectory, Environment.CurrentDirectory })
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "Cluster.sln")))
                {
                    return folder;
                }
            }
        }

        throw new InvalidOperationException("Cluster.sln is in none of the folders above the sources, the output or the working directory.");
    }
}
