using System.CommandLine;
using Helios.Cli.Chatting;
using Helios.Cli.Engines;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;

namespace Helios.Cli.Commands;

/// <summary><c>helios chat</c>: a conversation with a model, line by line.</summary>
internal sealed class ChatCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<string?> system = new("--system") { Description = "System prompt.", HelpName = "T" };
    private readonly Option<int?> maxTokens = new("--max-tokens") { Description = "Maximum tokens of an answer; as many as fit the context by default.", HelpName = "N" };
    private readonly Option<float?> temperature = TemperatureOption.Create();
    private readonly Option<string?> depth = EngineOptions.Create("--depth", "E", "Layers to load; all by default.");
    private readonly Option<string?> exitPolicy = EngineOptions.Create("--exit-policy", "P", "none (the default), confidence:0.8, top1:0.9, margin:0.3, entropy:1.5 or patience:2.");
    private readonly DeviceOptions device = new();

    public ChatCommand(GlobalOptions global)
        : base("chat", "Chat with a model; /help lists what it understands.")
    {
        maxTokens.MustBe(value => value >= 1, "at least 1");
        foreach (var part in (Symbol[])[model, system, maxTokens, temperature, depth, exitPolicy])
        {
            if (part is Argument argument) Add(argument);
            else Add((Option)part);
        }

        device.AddTo(this);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (screen.IsJson) throw new UsageException("chat has no JSON output; generate --json has.");
        var engine = SingleModel.Start(device.Read(parsed), parsed.GetRequiredValue(model), options => EngineOptions.Apply(parsed, [depth, exitPolicy], options));
        await using (engine.ConfigureAwait(false))
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var settings = new ChatSettings(parsed.GetValue(system), parsed.GetValue(maxTokens), parsed.GetValue(temperature));
            using var interrupts = new Interrupts();
            return await new Conversation(engine, screen, settings, interrupts, TimeProvider.System).RunAsync(Console.In, cancellationToken).ConfigureAwait(false);
        }
    }
}
