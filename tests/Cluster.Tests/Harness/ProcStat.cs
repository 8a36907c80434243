using System.Globalization;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>What the kernel says of a process (proc(5)).</summary>
public static class ProcStat
{
    /// <value>Clock ticks a second in /proc: 100 on every Linux this runs on (sysconf(_SC_CLK_TCK)).</value>
    private const double TicksPerSecond = 100;

    /// <summary>Start of the process in ticks since boot, or null when there is no such process.</summary>
    public static long? StartTicks(int pid) => Fields(pid) is { } fields ? long.Parse(fields[19], CultureInfo.InvariantCulture) : null;

    /// <summary>Processor time spent in user and kernel mode so far.</summary>
    /// <exception cref="InvalidOperationException">No such process.</exception>
    public static TimeSpan Cpu(int pid) => Fields(pid) is { } fields
        ? TimeSpan.FromSeconds((long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond)
        : throw new InvalidOperationException($"There is no process {pid}.");

    /// <summary>Resident memory (VmRSS), KiB.</summary>
    /// <exception cref="InvalidOperationException">No such process.</exception>
    public static long ResidentKiB(int pid)
    {
        var line = File.Exists($"/proc/{pid}/status")
            ? File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal))
            : null;
        return line is null
            ? throw new InvalidOperationException($"There is no process {pid}, or it has no memory any more.")
            : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Ids of the processes whose parent is <paramref name="pid"/>, and theirs.</summary>
    public static List<int> Descendants(int pid)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Fields(id) is { } fields)
            {
                var parent = int.Parse(fields[1], CultureInfo.InvariantCulture);
                (children.TryGetValue(parent, out var list) ? list : children[parent] = []).Add(id);
            }
        }

        var found = new List<int>();
        var open = new Queue<int>([pid]);
        while (open.TryDequeue(out var next))
        {
            if (children.TryGetValue(next, out var list))
            {
                found.AddRange(list);
                list.ForEach(open.Enqueue);
            }
        }

        return found;
    }

    // The command's name, in parentheses, may itself hold spaces and parentheses: the fields start after the last one. Field 0 here is the state (3 in proc(5)).
    private static string[]? Fields(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
