using System.Globalization;

namespace Meridian.Silo.Store.Health;

/// <summary>
/// What a region's store has lost: a folder with one text for each loss, and the damaged records themselves. An operator who has dealt with a loss deletes its text; until then <c>problem</c> shows it.
/// </summary>
internal sealed class StoreLosses(string directory, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private string? _known;
    private long? _looked;

    public string Directory { get; } = directory;

    /// <summary>Notes a loss.</summary>
    /// <param name="text">For operators: what is lost.</param>
    /// <param name="record">The damaged record, if it is one.</param>
    public void Add(string text, ReadOnlySpan<byte> record = default)
    {
        System.IO.Directory.CreateDirectory(Directory);
        var name = Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{Guid.NewGuid():N}"));
        if (!record.IsEmpty)
        {
            using var file = File.Create(name + ".record");
            file.Write(record);
        }

        File.WriteAllText(name + ".txt", text);
        lock (_gate)
        {
            _looked = null;
        }
    }

    /// <summary>All that is noted, in one text; null where there is nothing.</summary>
    public string? Read()
    {
        lock (_gate)
        {
            if (_looked is { } looked && time.GetElapsedTime(looked) < LookEvery)
            {
                return _known;
            }

            _looked = time.GetTimestamp();
            try
            {
                var texts = System.IO.Directory.Exists(Directory)
                    ? System.IO.Directory.EnumerateFiles(Directory, "*.txt").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray()
                    : [];
                _known = texts.Length == 0 ? null : $"{string.Join(' ', texts)} Noted in '{Directory}': delete the notes there when you have dealt with it.";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Being changed: the next look sees it.
            }

            return _known;
        }
    }
}
