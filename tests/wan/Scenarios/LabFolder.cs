using System.Globalization;
using System.Text.RegularExpressions;

namespace Meridian.Wan.Scenarios;

/// <summary>Where a lab's processes keep what they keep. Its name has the lab's process id, so that the next lab can tell what was left behind.</summary>
internal sealed partial class LabFolder : IDisposable
{
    public LabFolder()
    {
        SmallDisk.RemoveLeftOvers();
        foreach (var folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), "meridian-wan-*").Where(folder => !IsOfRunningLab(folder)).ToArray())
        {
            Directory.Delete(folder, recursive: true);
        }

        Path = Directory.CreateTempSubdirectory($"meridian-wan-{Environment.ProcessId}-").FullName;
    }

    public string Path { get; }

    /// <summary>Whether a path below such a folder belongs to a lab that still runs.</summary>
    public static bool IsOfRunningLab(string path) =>
        ProcessId().Match(path) is { Success: true } match
        && File.Exists($"/proc/{int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)}/cmdline");

    public void Dispose() => Directory.Delete(Path, recursive: true);

    [GeneratedRegex("/meridian-wan-([0-9]+)-")]
    private static partial Regex ProcessId();
}
