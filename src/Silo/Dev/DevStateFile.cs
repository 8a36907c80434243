using System.Text.Json;

namespace Meridian.Silo.Dev;

/// <summary>
/// <c>DATA/dev.json</c>. Replaced by rename, so a reader sees the old file or the new one and never a part; not flushed to the disk, since after a crash of
/// the machine none of the processes it names exists.
/// </summary>
public sealed class DevStateFile(string directory)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <value>Full path of the file.</value>
    public string Path { get; } = System.IO.Path.Combine(directory, "dev.json");

    public void Write(DevState state)
    {
        var next = $"{Path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(state, Json));
        File.Move(next, Path, overwrite: true);
    }

    /// <summary>Removes the file: nothing that it names runs any more.</summary>
    public void Delete() => File.Delete(Path);
}
