using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Hosting.Chat;

/// <summary>Models with a chat template: tiny-s, in a folder of its own.</summary>
internal static class ChatFolders
{
    /// <summary>A turn ends with <c>&lt;|assistant|&gt;</c>, which is not among the ids that the model's config stops at.</summary>
    public const string Template = "{% for m in messages %}{{ '<|user|>' + m['role'] + ': ' + m['content'] + '<|assistant|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|user|>assistant:' }}{% endif %}";

    public static TempFolder Create(string? template = Template)
    {
        var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(TestData.Model("tiny-s"))) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        if (template is not null) File.WriteAllText(Path.Combine(folder.Path, "chat_template.jinja"), template);
        return folder;
    }

    /// <summary>An engine that serves such a model, called <c>chat</c>.</summary>
    public static async Task<TestEngine> ServeAsync(TempFolder folder, Action<IHeliosBuilder>? more = null)
    {
        var engine = TestEngine.Build(builder =>
        {
            builder.AddModel(folder.Path, "chat").ServeFixed();
            more?.Invoke(builder);
        });
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        return engine;
    }
}
