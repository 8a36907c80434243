using System.Numerics;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Decides how many prompt tokens a step may compute beside the generating sequences, from the measured cost of earlier steps.
/// </summary>
/// <remarks>
/// A running stream gets one token each step, so the time between its tokens is the time of a step. (The exception: replays of moved sequences run in steps of
/// their own.) A long prompt makes a step longer. The prompt's part of a step is therefore limited to <see cref="PromptShare"/> times the time that the step
/// takes without it. A long prompt then slows the other streams by a known factor, on any model and machine. This is chunked prefill as in
/// Sarathi-Serve (OSDI 2024), with a measured budget instead of a given one.
/// <para>
/// The cost of a prompt token is the mean over its chunk. It includes the fixed cost of running a prompt at all (the weights are read once more), so tokens of
/// small chunks look more expensive. The budget settles where fixed cost and tokens together fill the share.
/// </para>
/// </remarks>
internal sealed class StepPace
{
    /// <summary>
    /// Time for prompts in a step with generating sequences, as a multiple of the step's time without prompts. A prompt in a step costs about as much as a
    /// small step before its tokens count, because the weights are read once more. At 1, hardly any time is left for the tokens: a long prompt waits three
    /// times as long, and the other streams gain little. Much above 1.75, jitter pushes the step beyond three times its normal time.
    /// </summary>
    public const double PromptShare = 1.75;

    /// <summary>Longest step that computes only prompts, ms. New sequences and cancellations wait until it ends.</summary>
    public const double LongestPromptStepMs = 250;

    /// <summary>Fewest prompt tokens of a step, however slow they are, so that a prompt always makes progress.</summary>
    public const int LeastTokens = 8;

    /// <summary>Longest prompt, in tokens, that counts as short. Short prompts are computed whole, several in one step.</summary>
    public const int ShortPrompt = 64;

    private const double Smoothing = 0.2;

    /// <summary>Number of steps with prompts, for one number of rows, after which the time without prompts is measured again.</summary>
    private const int MostMixed = 32;

    // Time of a step without prompts, indexed by log2 of the number of rows; 0 where nothing was measured.
    private readonly double[] _decodeMs = new double[32];

    // Steps with prompts since the last measurement. Starts at MostMixed where nothing was measured, which forces a measurement.
    private readonly int[] _mixed = new int[32];

    // Time of the first of the two steps of a new measurement; 0 for none.
    private readonly double[] _first = new double[32];
    private readonly int _most;
    private double _tokenMs;

    /// <param name="most">Most prompt tokens of a step.</param>
    /// <param name="decodeMs">Measured time of a step of one generating sequence, ms.</param>
    /// <param name="tokenMs">Measured time of a prompt token, ms.</param>
    public StepPace(int most, double decodeMs, double tokenMs)
    {
        _most = most;
        _decodeMs[0] = decodeMs;
        Array.Fill(_mixed, MostMixed, 1, _mixed.Length - 1);
        _tokenMs = tokenMs;
    }

    /// <summary>Expected time of a step with this many generating sequences and no prompts, ms.</summary>
    public double DecodeMs(int rows)
    {
        // A step with more rows takes no less time. So the nearest smaller measurement is too low rather than too high, which favours the running streams.
        for (var i = Place(rows); i >= 0; i--)
        {
            if (_decodeMs[i] > 0)
                return _decodeMs[i];
        }

        return 0;
    }

    /// <summary>
    /// Whether the next step must not carry prompts, so that the time without prompts can be measured. If prompts wait all the time, no other step would
    /// measure it. After a start only the time of one sequence is known, and prompts would get a share of that time.
    /// </summary>
    /// <param name="decodeRows">Number of generating sequences in the step.</param>
    public bool MustMeasure(int decodeRows) => decodeRows > 0 && _mixed[Place(decodeRows)] >= MostMixed;

    /// <summary>Number of prompt tokens that the next step may compute.</summary>
    /// <param name="decodeRows">Number of generating sequences in the step.</param>
    /// <param name="starting">
    /// Number of short prompts that wait. If it is at least half of <paramref name="decodeRows"/>, the step may take <see cref="LongestPromptStepMs"/>:
    /// delaying the few running streams briefly costs less than letting many prompts wait while steps run half empty.
    /// </param>
    public int PromptTokens(int decodeRows, int starting = 0)
    {
        var ms = starting * 2 >= decodeRows ? LongestPromptStepMs : Math.Min(LongestPromptStepMs, PromptShare * DecodeMs(decodeRows));
        return _tokenMs <= 0 ? _most : (int)Math.Clamp(ms / _tokenMs, Math.Min(LeastTokens, _most), _most);
    }

    /// <summary>Records the measured time of a step.</summary>
    public void Observe(int decodeRows, int promptTokens, double elapsedMs)
    {
        var place = Place(decodeRows);
        if (promptTokens == 0)
        {
            ref var decode = ref _decodeMs[place];
            if (!MustMeasure(decodeRows))
            {
                decode += Smoothing * (elapsedMs - decode);
                return;
            }

            // The smaller of two steps counts. Other work on the machine may have slowed one of them, and prompts would get a share of that time for many
            // steps.
            if (_first[place] == 0)
            {
                _first[place] = elapsedMs;
                decode = decode == 0 ? elapsedMs : decode;
                return;
            }

            decode = Math.Min(_first[place], elapsedMs);
            _first[place] = 0;
            _mixed[place] = 0;
            return;
        }

        if (decodeRows > 0)
            _mixed[place]++;
        var prompts = elapsedMs - (decodeRows == 0 ? 0 : DecodeMs(decodeRows));
        _tokenMs += Smoothing * ((Math.Max(prompts, elapsedMs * 0.05) / promptTokens) - _tokenMs);
    }

    private static int Place(int rows) => rows <= 1 ? 0 : BitOperations.Log2((uint)rows);
}
