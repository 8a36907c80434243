using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.ModelTools.Distillation;

/// <summary>
/// The last two states of a training on disk. Each state is a directory that appears completely or not at all. It holds the trainer's files and <c>state.json</c>
/// with the number of updates, their losses, the options, and digests of the other files. If the newest state is damaged, the state before it is used.
/// </summary>
internal sealed class Checkpoints(string directory, string options)
{
    private const int Kept = 2;
    private const string StateFile = "state.json";

    /// <summary>Writes a state and removes the older ones.</summary>
    public void Save(int steps, IReadOnlyList<LossPoint> losses, Action<string> write)
    {
        Directory.CreateDirectory(directory);
        var path = PathOf(steps);
        var half = path + ".half";
        if (Directory.Exists(half))
            Directory.Delete(half, recursive: true);
        Directory.CreateDirectory(half);
        write(half);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(half))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
            files[Path.GetFileName(file)] = Convert.ToHexStringLower(SHA256.HashData(stream));
            stream.Flush(flushToDisk: true);
        }

        using (var stream = new FileStream(Path.Combine(half, StateFile), FileMode.Create))
        {
            JsonSerializer.Serialize(stream, new State(steps, options, files, losses));
            stream.Flush(flushToDisk: true);
        }

        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        Directory.Move(half, path);
        foreach (var old in All().SkipLast(Kept))
            Directory.Delete(old, recursive: true);
    }

    /// <summary>Reads the newest state that is whole.</summary>
    /// <param name="read">Reads the state from its directory.</param>
    /// <returns>The number of updates and their losses; 0 and none if there is no state.</returns>
    /// <exception cref="ModelPackageException">The states belong to a training with other options.</exception>
    public (int Steps, List<LossPoint> Losses) Load(Action<string> read)
    {
        foreach (var path in All().Reverse())
        {
            if (Whole(path) is not { } state)
                continue;
            if (state.Options != options)
            {
                throw new ModelPackageException(
                    path, $"'{path}' belongs to a training with other options, teacher or texts. Name another --work folder, or delete '{directory}' to begin anew.");
            }

            read(path);
            return (state.Steps, [.. state.Losses]);
        }

        return (0, []);
    }

    private static State? Whole(string path)
    {
        try
        {
            var state = JsonSerializer.Deserialize<State>(File.ReadAllBytes(Path.Combine(path, StateFile)));
            foreach (var (file, digest) in state!.Files)
            {
                using var stream = File.OpenRead(Path.Combine(path, file));
                if (Convert.ToHexStringLower(SHA256.HashData(stream)) != digest)
                    return null;
            }

            return state;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string[] All() => Directory.Exists(directory)
        ? [.. Directory.EnumerateDirectories(directory, "step-*").Where(static path => !path.EndsWith(".half", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
        : [];

    private string PathOf(int steps) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"step-{steps:00000000}"));

    private sealed record State(int Steps, string Options, Dictionary<string, string> Files, IReadOnlyList<LossPoint> Losses);
}
