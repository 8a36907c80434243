using System.Globalization;
using System.Security.Cryptography;

namespace Meridian.Federation.Tests.Residency;

/// <summary>
/// Whatever the installation, the rules, their changes and the faults: no decision, retry, hedge or resume leaves what is permitted. 1,000 cases from a seed that changes with every run;
/// <c>MERIDIAN_SOVEREIGNTY_CASES</c> asks for more, <c>MERIDIAN_SOVEREIGNTY_SEED</c> for those of an earlier run.
/// </summary>
[Collection(ProcessMeters.Name)]
public sealed class BoundaryProperty(ITestOutputHelper output)
{
    [Fact]
    public async Task No_request_leaves_its_boundary()
    {
        var cases = (int)Number("MERIDIAN_SOVEREIGNTY_CASES", 1000);
        var seed = Number("MERIDIAN_SOVEREIGNTY_SEED", BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)));
        output.WriteLine($"{cases} cases from seed {seed}");
        int asked = 0, retried = 0, served = 0, tempted = 0, bound = 0;
        for (var i = 0; i < cases; i++)
        {
            var one = new BoundaryCase(seed + (ulong)i);
            try
            {
                await one.RunAsync();
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                throw new InvalidOperationException($"Case {seed + (ulong)i}: {one}", e);
            }

            var permitted = one.Permitted;
            Assert.True(one.Trespasses.IsEmpty, $"case {seed + (ulong)i} left its boundary for {string.Join(',', one.Trespasses)}: {one}");
            Assert.True(one.Facade is null || permitted.Contains(one.Facade), $"case {seed + (ulong)i} sends its caller to {one.Facade}: {one}");
            asked += one.Asked.Count;
            retried += one.Asked.Count > 1 ? 1 : 0;
            served += one.Served ? 1 : 0;
            tempted += one.Tempted ? 1 : 0;
            bound += one.Tempted && !one.Asked.IsEmpty ? 1 : 0;
        }

        output.WriteLine($"{asked} attempts, {retried} requests with several, {served} served; a forbidden region stood ready in {tempted} cases, in {bound} of them a permitted one was asked");

        // It must have been about something.
        Assert.True(retried > cases / 20 && served > cases / 10 && tempted > cases / 5 && bound > cases / 10, "the cases are too tame");
    }

    private static ulong Number(string variable, ulong absent) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : absent;
}
