using System.Globalization;

namespace Meridian.Wan.Scenarios;

/// <summary>
/// A wall clock that can be set forward and back under a process that runs, by libfaketime. Its monotonic clock goes on, as a machine's does whose time is set.
/// </summary>
internal sealed class SteppedClock : IDisposable
{
    private static readonly string[] Places = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"];
    private readonly string _file;

    /// <param name="file">Says how far the clock is off; made here.</param>
    public SteppedClock(string file)
    {
        _file = file;
        Set(TimeSpan.Zero);
    }

    /// <value>Why there is none, and the remedy; null where there is.</value>
    public static string? Missing => Places.Any(File.Exists) ? null : $"No clock can be set: {string.Join(" and ", Places)} are missing. Install them: apt install libfaketime.";

    /// <value>What the process has to be started with. It looks once a second how far its clock is off.</value>
    public IReadOnlyList<KeyValuePair<string, string?>> Environment =>
    [
        new("LD_PRELOAD", Places.First(File.Exists)),
        new("FAKETIME_TIMESTAMP_FILE", _file),
        new("FAKETIME_CACHE_DURATION", "1"),
        new("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        new("DONT_FAKE_MONOTONIC", "1"),
    ];

    /// <summary>Sets the clock so far from the machine's.</summary>
    public void Set(TimeSpan off)
    {
        var other = _file + ".new";
        File.WriteAllText(other, string.Create(CultureInfo.InvariantCulture, $"{off.TotalSeconds:+0;-0;+0}\n"));
        File.Move(other, _file, overwrite: true);
    }

    public void Dispose() => File.Delete(_file);
}
