using System.Collections.Concurrent;
using System.Diagnostics;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>
/// A process that a test started: its output is kept, and it never outlives the test. With MERIDIAN_TEST_OUTPUT=DIR the output is also written to <c>DIR/NAME-PID.log</c>.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 20_000;
    private static readonly string? OutputFolder = Environment.GetEnvironmentVariable("MERIDIAN_TEST_OUTPUT");

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Lock _gate = new();
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _awaited = [];

    private ChildProcess(string name, Process process) => (Name, _process) = (name, process);

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <value>Standard output and error so far, in the order they came.</value>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <param name="name">Of the process in messages.</param>
    /// <param name="program">Executable.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Added to this process's environment; null takes a variable away.</param>
    /// <param name="workingDirectory">Where it runs.</param>
    public static ChildProcess Start(
        string name,
        string program,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>>? environment = null,
        string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };

        foreach (var (key, value) in environment ?? [])
        {
            start.Environment[key] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(name, process);
        process.OutputDataReceived += (_, e) => child.Keep(e.Data);
        process.ErrorDataReceived += (_, e) => child.Keep(e.Data);
        process.Start();
        Reaper.Register(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The first line, past or future, that satisfies <paramref name="wanted"/>.</summary>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public async Task<string> LineAsync(Func<string, bool> wanted, string what, TimeSpan limit)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_lines.FirstOrDefault(wanted) is { } line)
            {
                return line;
            }

            _awaited.Add((wanted, found));
        }

        try
        {
            return await found.Task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} did not print {what} within {limit.TotalSeconds:0} s. {Tail()}");
        }
    }

    /// <summary>kill -9: the process gets no chance to say goodbye. Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        Signal(Signals.Kill);
        await ExitAsync(TimeSpan.FromSeconds(10));
    }

    public void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, signal);
        }
    }

    /// <exception cref="TimeoutException">It is still running.</exception>
    public async Task ExitAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            Reaper.Release(_process);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} (pid {Id}) was still running after {limit.TotalSeconds:0} s. {Tail()}");
        }
    }

    /// <summary>The last lines of the output, for a failure's text.</summary>
    public string Tail(int lines = 25) =>
        $"{Name}{(HasExited ? $" exited with {ExitCode}" : $" runs as pid {Id}")}; its last lines:{Environment.NewLine}"
        + string.Join(Environment.NewLine, _lines.TakeLast(lines).Select(l => "    " + (l.Length > 300 ? l[..300] + " ..." : l)));

    public async ValueTask DisposeAsync()
    {
        // Descendants first noted: once their parent is gone nothing leads to them any more.
        var family = _process.HasExited ? [] : ProcStat.Descendants(_process.Id);
        Signal(Signals.Continue);
        Signal(Signals.Kill);
        foreach (var pid in family)
        {
            Signals.Send(pid, Signals.Kill);
        }

        await ExitAsync(TimeSpan.FromSeconds(10));
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _lines.Enqueue(line);
            if (!string.IsNullOrEmpty(OutputFolder))
            {
                File.AppendAllText(Path.Combine(OutputFolder, $"{Name}-{Id}.log"), line + Environment.NewLine);
            }

            while (_lines.Count > KeptLines)
            {
                _lines.TryDequeue(out _);
            }

            for (var i = _awaited.Count - 1; i >= 0; i--)
            {
                if (_awaited[i].Wanted(line))
                {
                    _awaited[i].Found.TrySetResult(line);
                    _awaited.RemoveAt(i);
                }
            }
        }
    }
}
