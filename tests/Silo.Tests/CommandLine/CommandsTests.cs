using Meridian.Silo.CommandLine;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Tests.CommandLine;

public sealed class CommandsTests
{
    [Theory]
    [InlineData("--help", "region")]
    [InlineData("--help", "front-door")]
    [InlineData("--help", "--ports-from 9000")]
    [InlineData("--help", "--model stories=/models/stories260k")]
    [InlineData("region --help", "--roles")]
    [InlineData("region --help", "--model")]
    [InlineData("region --help", "meridian-server region --name eastus")]
    [InlineData("front-door --help", "--name second")]
    [InlineData("drain --help", "--wait")]
    [InlineData("drain --help", "meridian-server drain --region westeurope --undo")]
    [InlineData("recover --help", "--yes")]
    [InlineData("recover --help", "Exit codes: 0 done, 2 nothing done")]
    public async Task Help_shows_options_and_examples(string line, string part)
    {
        var (code, output, error) = await RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains(part, output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Empty(error);
    }

    [Theory]
    [InlineData("--frob", "--frob")]
    [InlineData("regio", "regio")]
    [InlineData("region --name eastus --port 80", "--port")]
    [InlineData("--ports-from many", "many")]
    [InlineData("region --name eastus --silo-port", "--silo-port")]
    [InlineData("drain", "--region")]
    [InlineData("drain --region eastus --model minilm", "--replica")]
    [InlineData("drain --region eastus --silo 127.0.0.1:1 --model minilm --replica 0", "--silo and --model")]
    [InlineData("drain --region eastus --undo --wait", "--undo")]
    public async Task What_is_no_option_is_named_and_nothing_starts(string line, string named)
    {
        var (code, output, error) = await RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Contains("--help", error, StringComparison.Ordinal);
        Assert.Empty(output);
    }

    [Theory]
    [InlineData("drain --region eastus")]
    [InlineData("drain --region eastus --model minilm --replica 0 --wait")]
    [InlineData("drain --region eastus --silo 127.0.0.1:1 --undo")]
    public async Task A_region_that_does_not_answer_is_named_with_its_address(string line)
    {
        // Nobody listens on the ports below 10.
        var (code, _, error) = await RunAsync([.. line.Split(' '), "--ports-from", "1"]);

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("http://127.0.0.1:2", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("region --name atlantis", "Meridian:Region = 'atlantis'")]
    [InlineData("drain --region atlantis", "eastus, westeurope, southeastasia")]
    [InlineData("region", "--name REGION")]
    [InlineData("recover", "--name REGION")]
    [InlineData("recover --name atlantis --yes", "Meridian:Region = 'atlantis'")]
    [InlineData("region --name eastus --urls http://0.0.0.0:80", "loopback")]
    [InlineData("region --name eastus --roles store,cook", "Meridian:Process:Roles = 'store,cook'")]
    [InlineData("front-door --urls ftp://127.0.0.1:21", "Meridian:FrontDoor:Url")]
    [InlineData("--ports-from 70000", "Meridian:PortsFrom = 70000")]
    [InlineData("--model stories", "--model 'stories': must be NAME=DIR")]
    [InlineData("region --name eastus --model x=/nowhere", "Meridian:Models:2:Source = '/nowhere'")]
    [InlineData("--config /nowhere/x.json", "/nowhere/x.json")]
    [InlineData("--Meridian:Models:0:MaxBatch 0", "Meridian:Models:0:MaxBatch = 0")]
    public async Task Wrong_settings_end_in_words_and_exit_code_2(string line, string part)
    {
        var (code, _, error) = await RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("regoin --name eastus", "Did you mean 'region'?")]
    [InlineData("front-dor", "Did you mean 'front-door'?")]
    [InlineData("region --nmae eastus", "Did you mean '--name'?")]
    [InlineData("drain --region eastus --stcky", "Did you mean '--sticky'?")]
    [InlineData("--port-from 9000", "Did you mean '--ports-from'?")]
    [InlineData("region --name eastus --dta /tmp", "Did you mean '--data'?")]
    [InlineData("--Meridan:Store:Kind=Redis", "Did you mean 'Meridian'?")]
    [InlineData("--ports-from many", "--ports-from 'many': must be a whole number.")]
    [InlineData("region --name eastus --silo-port x", "--silo-port 'x': must be a whole number.")]
    [InlineData("drain --region eastus --timeout soon", "--timeout 'soon': must be a whole number.")]
    [InlineData("drain --region eastus --undo=maybe", "--undo 'maybe': must be true or false.")]
    [InlineData("drain --region eastus --model minilm --replica one", "--replica 'one': must be a whole number.")]
    public async Task A_misspelt_command_line_names_what_was_meant(string line, string part)
    {
        var (code, _, error) = await RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("region")]
    [InlineData("front-door")]
    [InlineData("witness")]
    [InlineData("drain")]
    [InlineData("recover")]
    public async Task Help_lists_each_option_once(string command)
    {
        var (code, help, _) = await RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal(ExitCode.Ok, code);
        var options = help.Split('\n').Select(static line => line.Trim().Split(' ')[0]).Where(static word => word.StartsWith("--", StringComparison.Ordinal)).ToList();
        Assert.Equal(options.Distinct(), options);
        Assert.DoesNotContain("System.", help, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_told_from_options()
    {
        var (overrides, remaining) = Commands.SplitOverrides(["region", "--Meridian:A=1", "--name", "x:y", "--Logging:LogLevel:Default", "Debug", "--data=a:b"]);

        Assert.Equal(["--Meridian:A=1", "--Logging:LogLevel:Default", "Debug"], overrides);
        Assert.Equal(["region", "--name", "x:y", "--data=a:b"], remaining);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Commands.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
