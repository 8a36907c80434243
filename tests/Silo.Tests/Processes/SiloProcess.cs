using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Meridian.Silo.CommandLine;

namespace Meridian.Silo.Tests.Processes;

/// <summary>The executable as an operating system process, with its output kept for the message of a failing test.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    /// <summary>Tests that start processes run one after the other: a process that starts fills the processors.</summary>
    public const string Collection = "processes";

    /// <summary>Generous: four processes compile at once, on machines that do other work too. A healthy run never comes near it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;
    private readonly Task _output;

    private SiloProcess(Process process)
    {
        _process = process;
        _output = Task.WhenAll(KeepAsync(process.StandardOutput), KeepAsync(process.StandardError));
    }

    public int Id => _process.Id;

    /// <value>Set before the process is ended on purpose.</value>
    public bool ExpectsExit { get; set; }

    public string Output => string.Join('\n', _lines);

    public static SiloProcess Start(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(typeof(Commands).Assembly.Location);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new SiloProcess(Process.Start(start)!);
    }

    /// <summary>First port of a range that holds what an installation of three regions needs.</summary>
    public static int FreePorts() => Cluster.Tests.Harness.FreePorts.Range(144);

    public static async Task<bool> AnswersAsync(Uri url)
    {
        try
        {
            using var answer = await Http.GetAsync(url);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Polls until it holds.</summary>
    /// <param name="condition">What to wait for.</param>
    /// <param name="what">In words, for the message.</param>
    public async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.False(_process.HasExited && !ExpectsExit, $"The process ended before this held: {what}. Output:\n{Output}");
            Assert.True(watch.Elapsed < Patience, $"Not within {Patience.TotalSeconds} s: {what}. Output so far:\n{Output}");
            await Task.Delay(50);
        }
    }

    public Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits for the end.</summary>
    /// <returns>Exit code.</returns>
    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Did not end within {Patience.TotalSeconds} s. Output so far:\n{Output}");
        }

        return _process.ExitCode;
    }

    public void Kill() => _process.Kill();

    /// <summary>What Ctrl-C does. A runner that was itself started with SIGINT ignored hands that down, and the process then cannot see it: SIGTERM stands in.</summary>
    public Task InterruptAsync() => SignalAsync(Id, InterruptIsIgnored() ? "TERM" : "INT");

    public static async Task SignalAsync(int pid, string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {pid}")]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Whether a process runs; one that has ended and was not yet waited for does not.</summary>
    public static bool IsRunning(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        await _output;
        _process.Dispose();
    }

    private static bool InterruptIsIgnored()
    {
        var mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1];
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0b10) != 0;
    }

    private async Task KeepAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
        }
    }
}
