using Helios.Sdk;

// The sample model is a base model: it has no chat template and only continues a text. So this template
// concatenates all turns to one text. An instruction-tuned model of your own has its own template.
const string Continuation = "<|endoftext|>{% for message in messages %}{{ ' ' if not loop.first }}{{ message.content | trim }}{% endfor %}";
const int RememberedTurns = 5; // tiny-m has 256 tokens of context

await using var engine = HeliosEngine.CreateBuilder()
    .AddModel(args is [var own, ..] ? own : Path.Combine(AppContext.BaseDirectory, "models", "tiny-m"), model => model.ChatTemplate = args.Length == 0 ? Continuation : null)
    .UseCpu()
    .ServeFixed(exitPolicy: args is [_, var policy, ..] ? policy : "confidence:0.6")
    .Build();
await engine.Ready;

int[] exits = [.. engine.Pool.Snapshot.Models[0].Info.Exits.Select(exit => exit.Depth)]; // ascending, the full depth last
var inColour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
int[] palette = [32, 36, 34, 33, 31]; // ANSI: green for the shallowest exit, then cyan, blue, yellow, and red for the full depth
Console.WriteLine("Begin a story; each line of yours is gone on with. An empty line begins anew.");

var turns = new List<ChatTurn>();
while (Ask() is { } line)
{
    if (line.Length == 0)
    {
        turns.Clear();
        continue;
    }

    turns.Add(new ChatTurn("user", line));
    var request = GenerationRequest.FromMessages([.. turns.TakeLast(RememberedTurns)]) with { MaxTokens = 40, Sampling = new() { Temperature = 0.7f, TopP = 0.95f } };
    var (text, depths) = ("", new List<int>());
    try
    {
        await foreach (var piece in engine.StreamAsync(request))
        {
            Console.Write(inColour ? $"\e[{ColourOf(piece.ExitDepth)}m{piece.Text}\e[0m" : piece.Text);
            text += piece.Text;
            depths.Add(piece.ExitDepth);
        }
    }
    catch (ArgumentException tooLong)
    {
        Console.WriteLine(tooLong.Message);
    }

    turns.Add(new ChatTurn("assistant", text));
    Console.WriteLine($"\n[layers of {exits[^1]}: {string.Join(", ", depths.CountBy(depth => depth).OrderBy(count => count.Key).Select(count => $"{count.Value} x {count.Key}"))}]");
}

int ColourOf(int depth) => exits.Length == 1 ? palette[^1] : palette[Array.IndexOf(exits, depth) * (palette.Length - 1) / (exits.Length - 1)];

static string? Ask()
{
    if (!Console.IsInputRedirected) Console.Write("> ");
    return Console.ReadLine()?.Trim();
}
