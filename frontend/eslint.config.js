import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const outside = (folders, why) => ({
  'no-restricted-imports': ['error', { patterns: folders.map((group) => ({ group: [group], message: why })) }],
});
const NETWORK = ['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket'];
const SINKS = [
  { object: 'window', property: 'localStorage', message: 'Nothing is stored in the browser.' },
  { object: 'window', property: 'sessionStorage', message: 'Nothing is stored in the browser.' },
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  ...tseslint.configs.strictTypeChecked,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat['recommended-latest'],
  { rules: { '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }] } },
  { languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.mjs'] } } } },
  {
    files: ['src/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', ...NETWORK, 'localStorage', 'sessionStorage'],
      'no-restricted-properties': ['error', ...SINKS],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Trusted Types forbid it.' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  // Floors of the page: shell > features > api | audio > ui. Only src/api talks HTTP, only the transport opens sockets.
  { files: ['src/api/**'], rules: { 'no-restricted-globals': ['error', 'WebSocket', 'localStorage', 'sessionStorage'] } },
  { files: ['src/audio/transport/**'], rules: { 'no-restricted-globals': ['error', 'fetch', 'XMLHttpRequest'] } },
  {
    files: ['src/audio/**', 'src/api/**', 'src/security/**'],
    rules: outside(['react', 'react-dom*', '**/ui/**', '**/voice/**', '**/features/**'], 'This floor knows no React and no screens.'),
  },
  { files: ['src/ui/**'], rules: outside(['**/voice/**', '**/features/**', '**/api/**', '**/audio/**'], 'ui knows no subject.') },
  { files: ['src/features/**'], rules: outside(['**/voice/**', '**/admin/**'], 'Features know no shell.') },
  { files: ['src/voice/**'], rules: outside(['**/admin/**'], 'The two pages never import each other.') },
  { files: ['tests/**'], rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/restrict-template-expressions': 'off' } },
  { files: ['**/*.{js,mjs}'], ...tseslint.configs.disableTypeChecked },
);
